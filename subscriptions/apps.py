from django.apps import AppConfig


class SubscriptionsConfig(AppConfig):
    name = "subscriptions"
    verbose_name = "Newsletters"

    def ready(self) -> None:
        from anymail.signals import tracking

        from subscriptions.tracking import feedback

        tracking.connect(feedback.receive, dispatch_uid="feedback")
