"""The market's calls: GET pools, pools/{slug}, pools/{slug}/prices; POST quotes."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import TenantAPIView, TenantMixin
from era_platform.common.errors import InvalidInput, NotFound
from pricing.api.serializers import (
    PoolSerializer,
    PricesQuery,
    PricesSerializer,
    QuoteRequestSerializer,
    QuoteSerializer,
    tell,
)
from pricing.models import Pool
from pricing.selectors.pools import pool_by_slug
from pricing.selectors.prices import slot_prices
from pricing.services import quotes


@extend_schema_view(get=extend_schema(operation_id="pools"))
class PoolList(TenantMixin, ListAPIView[Pool]):
    """What is sold: every pool, by its short name."""

    serializer_class = PoolSerializer
    queryset = Pool.objects.select_related("refund_policy").order_by("slug")
    filter_backends = ()


class PoolView(TenantAPIView):
    @extend_schema(operation_id="pool", responses=PoolSerializer)
    def get(self, request: Request, slug: str) -> Response:
        """One pool."""
        return Response(PoolSerializer(pool_by_slug(slug)).data)


class PricesView(TenantAPIView):
    @extend_schema(operation_id="pool_prices", parameters=[PricesQuery], responses=PricesSerializer)
    def get(self, request: Request, slug: str) -> Response:
        """Price and free units of each slot from the next one to the horizon, or of a part of these."""
        pool = pool_by_slug(slug)
        query = PricesQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        given: dict[str, Any] = query.validated_data
        found = slot_prices(pool, units=given["units"], since=given.get("from"), until=given.get("to"))
        told = {
            "pool": pool.slug,
            "units": found.units,
            "slot_seconds": pool.slot_seconds,
            "start": found.moment(0),
            "free": found.free.tolist(),
            "capacity": found.capacity.tolist(),
            "price": found.costs,
        }
        return Response(PricesSerializer(told).data)


class QuotesView(TenantAPIView):
    @extend_schema(
        operation_id="quote",
        request=QuoteRequestSerializer,
        responses={200: QuoteSerializer, 409: None},
        examples=[
            OpenApiExample(
                "Four units for ten minutes within a day",
                {
                    "pool": "local",
                    "units": 4,
                    "duration": 600,
                    "deadline": "2030-01-02T00:00:00Z",
                    "value": "5.00",
                },
                request_only=True,
            )
        ],
    )
    def post(self, request: Request) -> Response:
        """What the market would answer now. It binds nobody and holds nothing."""
        asked = QuoteRequestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        quote = quotes.quote(_pool(asked.validated_data["pool"]), asked.ask(), with_curve=asked.validated_data["curve"])
        return Response(QuoteSerializer(tell(quote)).data)


def _pool(slug: str) -> Pool:
    """The pool that a body names; an unknown one is a field that is not valid, not an address that isn't there."""
    try:
        return pool_by_slug(slug)
    except NotFound as unknown:
        raise InvalidInput(unknown.detail, field="pool") from unknown
