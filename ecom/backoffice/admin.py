"""What other apps bring into the admin and nobody should see there, and the history."""

from django.contrib import admin
from django.contrib.auth.models import Group
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

# Roles are declared in the code; the devices' pages would show the keys.
for model in (Group, StaticDevice, TOTPDevice):
    admin.site.unregister(model)
