"""The Universal Scalability Law, fitted to curves that are known to obey it."""

import pytest

from vumeter.model.pilot import LoadPoint, StepVerdict
from vumeter.pilot.knee import knee
from vumeter.pilot.scalability import fitted_usl


def point(n: float, x: float, *, p95_ms: float = 10.0) -> LoadPoint:
    return LoadPoint(
        load=x,
        verdict=StepVerdict.HELD,
        why="",
        is_steady=True,
        is_marginal=False,
        second=0,
        seconds=10,
        generator_limited_seconds=0,
        requests_per_s=x,
        in_flight=n,
        mean_ms=1000 * n / x,
        p50_ms=p95_ms / 2,
        p95_ms=p95_ms,
        p99_ms=2 * p95_ms,
        error_ratio=0.0,
    )


@pytest.mark.parametrize(("sigma", "kappa"), [(0.05, 0.002), (0.3, 0.0), (0.0, 0.001), (0.0, 0.0)])
def test_a_curve_of_the_law_gives_its_coefficients_back(sigma: float, kappa: float) -> None:
    ns = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
    curve = [point(n, 100 * n / (1 + sigma * (n - 1) + kappa * n * (n - 1))) for n in ns]
    usl = fitted_usl(curve)

    assert usl is not None
    assert usl.lambda_per_s == pytest.approx(100, rel=1e-6)
    assert usl.sigma == pytest.approx(sigma, abs=1e-9)
    assert usl.kappa == pytest.approx(kappa, abs=1e-9)
    assert usl.r_squared == pytest.approx(1.0)
    if kappa:
        # Gunther: N* = √((1−σ)/κ).
        assert usl.peak_in_flight == pytest.approx(((1 - sigma) / kappa) ** 0.5)


def test_the_law_of_mm1_ends_at_its_service_rate() -> None:
    # N = ρ/(1−ρ) in flight at λ = ρμ: that is σ = ½, κ = 0, and X → μ.
    curve = [point(rho / (1 - rho), rho * 400) for rho in (0.3, 0.5, 0.7, 0.8, 0.9)]
    usl = fitted_usl(curve)
    assert usl is not None
    assert usl.sigma == pytest.approx(0.5)
    assert usl.peak_per_s == pytest.approx(400)
    assert usl.peak_in_flight is None


def test_too_few_points_or_all_alike_give_no_law() -> None:
    assert fitted_usl([point(1, 100), point(2, 200), point(3, 300)]) is None
    assert fitted_usl([point(1 + n / 100, 100 + n) for n in range(6)]) is None


def test_the_knee_is_where_response_times_bend() -> None:
    curve = [point(1, 100.0 * load, p95_ms=10) for load in range(1, 9)]
    curve += [point(1, 900, p95_ms=40), point(1, 950, p95_ms=200), point(1, 960, p95_ms=800)]
    assert knee(curve) == 900
    assert knee([point(1, 100 * load, p95_ms=10 * load) for load in range(1, 9)]) is None
