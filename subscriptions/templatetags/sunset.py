"""``{% sunset_numbers newsletter as numbers %}``: what asking the silent would come to."""

from django import template

from subscriptions.readers.due.sunset import numbers_of

register = template.Library()
register.simple_tag(numbers_of, name="sunset_numbers")
