"""Form fields that take what people type and paste, normalised by `core.text`."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

from core.text.digits import typed_number
from core.text.lines import is_one_line, typed_email, typed_line

AT_LEAST, AT_MOST = _("At least %(limit_value)s."), _("At most %(limit_value)s.")


class FocusedOnError(forms.Form):
    """Sent back with errors, it has the cursor in the first field that has one."""

    def full_clean(self) -> None:
        super().full_clean()
        for name, field in self.fields.items():
            if name in self.errors:
                field.widget.attrs["autofocus"] = True
                return


class LineField(forms.CharField):
    """One line with something to see on it, such as a name."""

    default_error_messages = {"not_one_line": _("Write it on one line, without signs that cannot be shown.")}

    def to_python(self, value: Any) -> str:
        line = typed_line(super().to_python(value) or "")
        if not is_one_line(line):
            raise ValidationError(self.error_messages["not_one_line"], code="not_one_line")
        return line


class EmailField(forms.EmailField):
    def to_python(self, value: Any) -> str:
        return typed_email(super().to_python(value) or "")


class WholeNumberField(forms.IntegerField):
    """Neither 1.000 nor 1,000: they are a thousand to some and one to others. Its bounds are said in few words."""

    def __init__(self, **facts: Any) -> None:
        super().__init__(**facts)
        for validator in self.validators:
            if isinstance(validator, MinValueValidator):
                validator.message = AT_LEAST
            elif isinstance(validator, MaxValueValidator):
                validator.message = AT_MOST

    def to_python(self, value: Any) -> int | None:
        if isinstance(value, str) and value.strip():
            value = typed_number(value)
            if value is None:
                raise ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(value)
