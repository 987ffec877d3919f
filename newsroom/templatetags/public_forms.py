from django import template

from newsroom.web.public_forms import form_stamp

register = template.Library()
register.simple_tag(form_stamp)
