"""The API's calls about an organization's projects, what was spent, and its monthly statements."""

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import TenantAPIView, TenantMixin
from accounts.models import Transfer
from accounts.selectors import projects_of, spending_of_projects
from accounts.serializers import TransferSerializer
from billing import serializers
from billing.forms import SpendingForm
from billing.months import Month
from billing.selectors import spending, statements


class ProjectsView(TenantAPIView):
    @extend_schema(operation_id="projects", responses=serializers.ProjectsSerializer)
    def get(self, request: Request) -> Response:
        """The organization's projects by name, with what each may spend in this month and has spent of it."""
        found = spending_of_projects(self.organization, list(projects_of(self.organization)))
        return Response(serializers.ProjectsSerializer({"results": found}).data)


class SpendingView(TenantAPIView):
    @extend_schema(
        operation_id="spending",
        parameters=[serializers.SpendingQuerySerializer],
        responses={200: serializers.SpendingSerializer, 400: None},
    )
    def get(self, request: Request) -> Response:
        """Who spent what: settled jobs of some days by project, member, pool or week; and what this month comes to."""
        form = SpendingForm(request.query_params)
        form.insist()
        by = form.cleaned_data["by"]
        shown = {
            "since": form.cleaned_data["since"],
            "until": form.cleaned_data["until"],
            "by": by.value,
            "results": spending.spending(self.organization, *form.span(), by),
            "this_month": spending.outlook(self.organization, Month.now()),
        }
        return Response(serializers.SpendingSerializer(shown).data)


class StatementsView(TenantAPIView):
    @extend_schema(operation_id="statements", responses=serializers.MonthsSerializer)
    def get(self, request: Request) -> Response:
        """The months that have a statement, the present one first."""
        now = Month.now()
        found = [{"month": month, "is_open": month >= now} for month in statements.months(self.organization)]
        return Response(serializers.MonthsSerializer({"results": found}).data)


class StatementView(TenantAPIView):
    @extend_schema(operation_id="statement", responses={200: serializers.StatementSerializer, 404: None})
    def get(self, request: Request, month: str) -> Response:
        """What there was when the month began and ended, and what moved in between, by kind."""
        found = statements.statement(self.organization, Month.wanted(month))
        return Response(serializers.StatementSerializer(found).data)


@extend_schema_view(get=extend_schema(operation_id="statement_transfers"))
class StatementTransferList(TenantMixin, ListAPIView[Transfer]):
    """Every transfer of the month, the first one first."""

    serializer_class = TransferSerializer
    queryset = Transfer.objects.none()

    def get_queryset(self) -> QuerySet[Transfer]:
        return statements.lines(self.organization, Month.wanted(self.kwargs["month"]))
