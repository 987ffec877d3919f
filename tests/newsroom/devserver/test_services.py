"""What a local run is started with."""

from newsroom.devserver import services


def test_site_may_have_a_name_where_the_web_server_wants_a_number() -> None:
    assert services.at("http://localhost:8001") == ["--host", "127.0.0.1", "--port", "8001"]
