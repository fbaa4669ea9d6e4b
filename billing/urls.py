"""Addresses of the pages about what an organization pays and has paid."""

from django.urls import path

from billing.views.payments import payment, payment_new, stripe_webhook
from billing.views.spending import spending, spending_csv
from billing.views.statements import statement, statement_csv, statement_list, statement_pdf

urlpatterns = [
    path("payments/stripe/", stripe_webhook, name="stripe-webhook"),
    path("o/<slug:org>/payments/new/", payment_new, name="payment-new"),
    path("o/<slug:org>/payments/<uuid:payment_id>/", payment, name="payment"),
    path("o/<slug:org>/spending/", spending, name="spending"),
    path("o/<slug:org>/spending/spending.csv", spending_csv, name="spending-csv"),
    path("o/<slug:org>/statements/", statement_list, name="statements"),
    path("o/<slug:org>/statements/<str:month>/", statement, name="statement"),
    path("o/<slug:org>/statements/<str:month>/statement.pdf", statement_pdf, name="statement-pdf"),
    path("o/<slug:org>/statements/<str:month>/statement.csv", statement_csv, name="statement-csv"),
]
