vcl 4.1;
# Varnish between the proxy with TLS and the web process, for whoever wants one: docs/proxy.md, “A
# cache in front”. Needs Debian's packages varnish and varnish-modules.

import std;
import xkey;

backend newsroom {
    .host = "127.0.0.1";
    .port = "8000";
    .first_byte_timeout = 300s;
}

# The hosts of our web processes and workers: who tells of changes.
acl ours {
    "127.0.0.1";
    "::1";
}

sub vcl_recv {
    if (req.method == "PURGE") {
        # Varnish adds who asks to this header. More than one: it came through a proxy.
        if (client.ip !~ ours || req.http.X-Forwarded-For ~ ",") {
            return (synth(403));
        }
        set req.http.Purged = xkey.purge(req.http.Surrogate-Key);
        return (synth(200, "Purged"));
    }
    # The cookie of who said “later”: their pages differ, and the site keeps them by itself.
    if ((req.method != "GET" && req.method != "HEAD") || req.http.Authorization
            || req.url ~ "^/(admin|webhooks)/" || req.http.Cookie ~ "(^|;\s*)ask=") {
        return (pass);
    }
    unset req.http.Cookie;
    # Where somebody comes from makes no other page.
    set req.url = regsuball(req.url, "([?&])(utm_[a-z_]+|fbclid|gclid|yclid|mc_[a-z]+|ref)=[^&]*", "\1");
    set req.url = regsuball(req.url, "[?&]+(&|$)", "\1");
    set req.url = regsub(req.url, "\?&+", "?");
    return (hash);
}

sub vcl_backend_response {
    if (beresp.http.Surrogate-Control ~ "max-age=[0-9]+" && beresp.status == 200) {
        set beresp.http.xkey = beresp.http.Surrogate-Key;
        set beresp.ttl = std.duration(regsub(beresp.http.Surrogate-Control, ".*max-age=([0-9]+).*", "\1s"), 0s);
        set beresp.grace = 10s;  # shown while it is asked for anew; what was purged is not
        set beresp.keep = 10m;   # and then asked after by its ETag
    } else {
        set beresp.ttl = 0s;
        set beresp.uncacheable = true;
    }
    return (deliver);
}

sub vcl_deliver {
    unset resp.http.xkey;
    unset resp.http.Surrogate-Key;
    unset resp.http.Surrogate-Control;
    unset resp.http.X-Varnish;
    unset resp.http.Via;
}
