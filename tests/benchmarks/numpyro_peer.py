"""The model of `textbook` for single pools in NumPyro: non-centred, double precision."""

import time

import jax
import jax.numpy as jnp
import numpyro
import numpyro.distributions as dist
from numpyro.infer import MCMC, NUTS
from sampled import CHAINS, Sampled, named
from written import Runs, utility

COMPILING = "/jax/core/compile/"
"""Begins the names of the events by which JAX tells how long it traced, lowered and compiled."""


def model(runs: Runs) -> None:
    """`models/utility.toml`."""
    a = numpyro.sample("a", dist.LogNormal(-4.0, 2.0))
    b = pooled("b", -2.0, 0.7, runs.pools)
    tau = pooled("tau", 1.6, 0.8, runs.pools)
    d = numpyro.sample("d", dist.FoldedDistribution(dist.StudentT(3.0, 0.0, 0.2)))
    sigma = numpyro.sample("sigma", dist.LogNormal(-5.5, 0.7))
    scale = jnp.sqrt(sigma**2 + runs.known_variance)
    curve = utility(runs, a, b, d, tau, jnp)
    numpyro.sample("error", dist.Normal(curve, scale), obs=runs.error)


def pooled(name: str, centre: float, width: float, pools: int) -> jax.Array:
    """A positive parameter of each pool, log-normal about a common mean."""
    mu = numpyro.sample(f"{name}_mu", dist.Normal(centre, width))
    sigma = numpyro.sample(f"{name}_sigma", dist.HalfNormal(0.5))
    z = numpyro.sample(f"{name}_z", dist.Normal().expand([pools]))
    return numpyro.deterministic(name, jnp.exp(mu + sigma * z))


def estimate(runs: Runs, *, accept: float, tune: int, draws: int) -> Sampled:
    """Posterior by NUTS; JAX compiles while it samples, and says for how long."""
    numpyro.enable_x64()
    numpyro.set_host_device_count(CHAINS)
    compiling = []
    jax.monitoring.register_event_duration_secs_listener(
        lambda event, seconds, **_: compiling.append(seconds) if COMPILING in event else None
    )
    mcmc = MCMC(
        NUTS(model, target_accept_prob=accept),
        num_warmup=tune,
        num_samples=draws,
        num_chains=CHAINS,
        progress_bar=False,
    )
    start = time.perf_counter()
    mcmc.run(jax.random.key(1), runs, extra_fields=("num_steps", "diverging"))
    found = jax.block_until_ready(mcmc.get_samples(group_by_chain=True))
    seconds = time.perf_counter() - start
    stats = mcmc.get_extra_fields(group_by_chain=True)
    return Sampled(
        named(found),
        seconds=seconds - sum(compiling),
        steps=float(stats["num_steps"].mean()),
        divergences=int(stats["diverging"].sum()),
    )
