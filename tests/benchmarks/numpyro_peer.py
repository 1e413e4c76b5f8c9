"""The models of `textbook` in NumPyro: non-centred, double precision, chains in parallel."""

import time

import jax
import jax.numpy as jnp
import numpyro
import numpyro.distributions as dist
from draws import Sampled, Settings, named
from numpyro.infer import MCMC, NUTS
from written import Runs, utility, utility_bounded

COMPILING = "/jax/core/compile/"
"""Begins the names of the events by which JAX tells how long it traced, lowered and compiled."""


def utility_model(runs: Runs) -> None:
    """`models/utility.toml`."""
    a = numpyro.sample("a", dist.LogNormal(-4.0, 2.0))
    b = pooled("b", -2.0, 0.7, runs.pools)
    tau = pooled("tau", 1.6, 0.8, runs.pools)
    d = numpyro.sample("d", dist.FoldedDistribution(dist.StudentT(3.0, 0.0, 0.2)))
    sigma = numpyro.sample("sigma", dist.LogNormal(-5.5, 0.7))
    observe(runs, utility(runs, a, b, d, tau, jnp), sigma)


def bounded_model(runs: Runs) -> None:
    """`models/utility-bounded-free-size.toml`."""
    a = numpyro.sample("a", dist.LogNormal(-4.0, 2.0))
    b = pooled("b", -2.0, 0.7, runs.pools)
    tau = pooled("tau", 1.6, 0.8, runs.pools)
    d = numpyro.sample("d", dist.Beta(1.0, 4.0))
    size_exponent = numpyro.sample("size_exponent", dist.Normal(0.5, 0.75))
    sigma = numpyro.sample("sigma", dist.LogNormal(-5.5, 0.5))
    observe(runs, utility_bounded(runs, a, b, d, tau, size_exponent, jnp), sigma)


def pooled(name: str, centre: float, width: float, pools: int) -> jax.Array:
    """A positive parameter of each pool, log-normal about a common mean."""
    mu = numpyro.sample(f"{name}_mu", dist.Normal(centre, width))
    sigma = numpyro.sample(f"{name}_sigma", dist.HalfNormal(0.5))
    z = numpyro.sample(f"{name}_z", dist.Normal().expand([pools]))
    return numpyro.deterministic(name, jnp.exp(mu + sigma * z))


def observe(runs: Runs, curve: jax.Array, sigma: jax.Array) -> None:
    """Runs scatter about their curve."""
    scale = jnp.sqrt(sigma**2 + runs.known_variance)
    numpyro.sample("error", dist.Normal(curve, scale), obs=runs.error)


def sample(runs: Runs, settings: Settings) -> Sampled:
    """Posterior by NUTS; JAX compiles while it samples, and says for how long."""
    numpyro.enable_x64()
    numpyro.set_host_device_count(settings.chains)
    compiling = []
    jax.monitoring.register_event_duration_secs_listener(
        lambda event, seconds, **_: compiling.append(seconds) if COMPILING in event else None
    )
    model = bounded_model if runs.pool is None else utility_model
    mcmc = MCMC(
        NUTS(model, target_accept_prob=settings.accept),
        num_warmup=settings.tune,
        num_samples=settings.draws,
        num_chains=settings.chains,
        progress_bar=False,
    )
    start = time.perf_counter()
    fields = ("num_steps", "diverging")
    mcmc.run(jax.random.key(settings.seed), runs, extra_fields=fields)
    draws = jax.block_until_ready(mcmc.get_samples(group_by_chain=True))
    seconds = time.perf_counter() - start
    stats = mcmc.get_extra_fields(group_by_chain=True)
    return Sampled(
        named(draws),
        compile_seconds=sum(compiling),
        sampling_seconds=seconds - sum(compiling),
        steps=float(stats["num_steps"].mean()),
        divergences=int(stats["diverging"].sum()),
    )
