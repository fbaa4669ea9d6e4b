"""What is filled in to buy credits."""

from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy


class PaymentForm(forms.Form):
    """Whole credits, at most `most`; sent twice it is one payment."""

    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)

    def __init__(self, data: Any = None, *, most: int) -> None:
        super().__init__(data)
        self.fields["credits"] = forms.IntegerField(label=gettext_lazy("Credits"), min_value=1, max_value=most)

    def renew(self) -> None:
        """Sent again, it is another payment: for what came of this one can't be gone on with."""
        self.data = {name: self.data[name] for name in self.data} | {"key": str(uuid4())}
