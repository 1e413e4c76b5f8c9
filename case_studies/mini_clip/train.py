"""Train the small models whose errors are this study's data: `python train.py [WORLD ...]`.

A world (`worlds/`) has fixed pools; a seed sets start, order, augmentation and random subsets. What
was killed is resumed where it was; the same seed gives the same row on the same machine.
"""

import argparse
import os
import tomllib
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import cache, partial
from itertools import product
from multiprocessing import get_context
from pathlib import Path
from zlib import crc32

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pandas as pd
from rich.progress import track

WORLDS = Path(__file__).parent / "worlds"
COLUMNS = ["data", "samples_seen", "seed", "error", "n_eval"]
CRAWL, FRESH, TEST = 1, 2, 3  # a world's streams of random numbers
POOLS, PARTS, N_EVAL = "ABCD", ["A/2", "A/4", "A/8"], 20_000
LEVELS = ["A", "A+B", "A+B+C", "A+B+C+D"]


@cache
def load(name):
    """Read a world and draw what is fixed in it: frequencies, templates, the map to images."""
    world = argparse.Namespace(name=name, **tomllib.loads((WORLDS / f"{name}.toml").read_text()))
    rng = np.random.default_rng(world.seed)
    frequency = (np.arange(world.concepts) + world.head) ** -world.tail
    world.frequency = frequency / frequency.sum()
    world.loss, world.draw = globals()[world.kind], texts if world.kind == "language" else pairs
    world.pools = dict(zip(POOLS, world.sizes, strict=True))
    if world.kind == "language":
        world.successors = rng.choice(world.concepts, (2, world.concepts, 4), p=world.frequency)
    else:
        world.templates = rng.normal(size=(world.concepts, 32))
        world.bend = rng.normal(size=(48, 128)) / np.sqrt(48)
        world.project = rng.normal(size=(128, 64)) * 1.5 / np.sqrt(128)
    return world


def images(world, concept, rng):
    """An image of 64 numbers of each concept: its template, varied, and a nuisance, mapped."""
    varied = world.templates[concept] + world.variation * rng.normal(size=(len(concept), 32))
    latent = np.column_stack([varied, rng.normal(size=(len(concept), 16)) / 2])
    mapped = np.tanh(latent @ world.bend) @ world.project
    return (mapped + rng.normal(size=mapped.shape) / 10).astype("f4")


def pairs(world, quality, rng):
    """Images with captions: the concept's word with the probability `quality`, and four fillers."""
    concept, other = rng.choice(world.concepts, p=world.frequency, size=(2, len(quality)))
    word = np.where(rng.random(len(quality)) < quality, concept, other)
    fillers = world.concepts + rng.integers(world.fillers, size=(len(quality), 4))
    return images(world, concept, rng), np.column_stack([word, fillers]).astype("i4")


def texts(world, quality, rng):
    """Texts whose words follow from the last or the last but one, kept with that probability."""
    size = len(quality)
    text = rng.choice(world.concepts, p=world.frequency, size=(size, world.length))
    for place in range(2, world.length):
        back = rng.integers(2, size=size)
        before = text[np.arange(size), place - 1 - back]
        drawn = rng.choice(4, p=world.successor_odds, size=size)
        follows = rng.random(size) < 0.9
        text[follows, place] = world.successors[back, before, drawn][follows]
    noise = rng.choice(world.concepts, p=world.frequency, size=text.shape)
    return (np.where(rng.random(text.shape) < quality[:, None], text, noise).astype("i4"),)


def bands(world, sizes, rng):
    """Each example's quality, by pool: one a pool, or bands of a crawl by a noisy score."""
    if isinstance(world.quality, list):
        return [np.full(size, quality) for size, quality in zip(sizes, world.quality, strict=True)]
    quality = rng.uniform(*world.quality["between"], size=sum(sizes))
    score = quality + world.quality["score_noise"] * rng.normal(size=len(quality))
    return np.split(quality[np.argsort(-score)], np.cumsum(sizes)[:-1])


@cache
def pools(name):
    """The world's pools, A the best: a tuple of arrays with an example a row, and its original."""
    world, found = load(name), {}
    rng = np.random.default_rng((world.seed, CRAWL))
    drawn = zip(POOLS, bands(world, world.sizes, rng), world.near_duplicates, strict=True)
    for pool, quality, share in drawn:
        found[pool] = world.draw(world, quality, rng), np.arange(len(quality))
        if share:  # the last ones become copies of others: image and one filler differ a little
            ((image, caption), group), first = found[pool], round(len(quality) * (1 - share))
            group[first:] = original = rng.integers(first, size=len(quality) - first)
            image[first:] = image[original] + rng.normal(size=image[first:].shape) / 10
            caption[first:] = caption[original]
            caption[first:, -1] = world.concepts + rng.integers(world.fillers, size=len(original))
    return found


def training_set(world, data, samples, seed):
    """The examples of `A`, `A+C`, `A+C/4` (a quarter of each), or `fresh A` (never repeated).

    A part of a pool is random and depends on the seed alone: `A+C/4` holds what `A/4` holds. Parts
    such as `A/4 grouped` have all near copies of an example, or none.
    """
    if data.startswith("fresh"):
        rng = np.random.default_rng((world.seed, FRESH, seed))
        return world.draw(world, bands(world, [samples] * 4, rng)[POOLS.index(data[-1])], rng)
    names, _, parts = data.partition("/")
    taken = [pools(world.name)[name] for name in names.split("+")]
    examples = [part(*pool, parts.split(), seed) if parts else pool[0] for pool in taken]
    return tuple(np.concatenate(arrays) for arrays in zip(*examples, strict=True))


def part(examples, group, how, seed):
    """A random one of so many equal parts of a pool, across groups of near copies or by them."""
    size, parts = len(group), int(how[0])
    order = np.random.default_rng((seed, parts)).permutation(size)
    if "grouped" in how:
        order = np.argsort(order[group], kind="stable")
    return tuple(array[order[: size // parts]] for array in examples)


def start(world, keys):
    """Parameters: two layers and a table of words."""
    words, language = world.concepts + world.fillers, world.kind == "language"
    return {
        "in": jax.random.normal(keys[0], (128 if language else 64, 256)) / 8,
        "out": jax.random.normal(keys[1], (256, 64)) / 16,
        "words": jax.random.normal(keys[2], (words, 64)) * (1.0 if language else 0.3) / 8,
    }


def unit(vectors):
    """The vectors at length one."""
    return vectors * jax.lax.rsqrt((vectors * vectors).sum(-1, keepdims=True) + 1e-6)


def tower(params, inputs):
    """Two layers."""
    return jax.nn.relu(inputs @ params["in"]) @ params["out"]


def contrastive(world, params, image, caption):
    """InfoNCE: each image with its caption among all of the batch, and the other way."""
    match = unit(tower(params, image)) @ unit(params["words"][caption].sum(-2)).T * world.scale
    return -jnp.diag(jax.nn.log_softmax(match, 0) + jax.nn.log_softmax(match, 1)).mean() / 2


def classification(world, params, image, caption):
    """Cross-entropy of each word of the caption among all words: other pairs have no say."""
    logits = unit(tower(params, image)) @ params["words"].T * world.scale
    return -jnp.take_along_axis(jax.nn.log_softmax(logits), caption, 1).mean()


def language(_, params, text):
    """Cross-entropy of each word after the first two, given the two before it."""
    words = params["words"][text]
    before = jnp.concatenate([words[:, :-2], words[:, 1:-1]], -1)
    logits = tower(params, before) @ params["words"].T
    return -jnp.take_along_axis(jax.nn.log_softmax(logits), text[:, 2:, None], 2).mean()


@partial(jax.jit, static_argnames="name")
def train(name, params, examples, order, steps, key):
    """Final parameters of a training; compiled once a world."""
    world, warm = load(name), jnp.clip(steps // 10, 1, 100)

    def rate(step):
        cosine = (1 + jnp.cos(jnp.pi * (step - warm) / (steps - warm))) / 2
        return world.learning_rate * jnp.where(step < warm, (step + 1) / warm, cosine)

    def advance(step, state):
        params, moments = state
        chosen = jax.lax.dynamic_slice_in_dim(order, step * world.batch, world.batch)
        first, *rest = (array[chosen] for array in examples)
        noise = jax.random.normal(jax.random.fold_in(key, step), first.shape)
        first = first + world.augmentation * noise if world.augmentation else first
        slope = jax.grad(lambda params: world.loss(world, params, first, *rest))(params)
        update, moments = adam.update(slope, moments, params)
        return optax.apply_updates(params, update), moments

    adam = optax.adamw(rate, b2=0.98)
    return jax.lax.fori_loop(0, steps, advance, (params, adam.init(params)))[0]


def run(name, data, samples, seed):
    """Train once: a row with the zero-shot error of naming concepts by their word, or the loss."""
    world, rng = load(name), np.random.default_rng((seed, samples, *data.encode()))
    *keys, augment = jax.random.split(jax.random.key(rng.integers(2**32)), 4)
    examples = training_set(world, data, samples, seed)
    size, room = len(examples[0]), max(sum(world.sizes), *world.budgets)
    epochs = np.concatenate([rng.permutation(size) for _ in range(-(-samples // size))])
    order = np.resize(epochs[:samples], room).astype("i4")  # one shape for all: compiled once
    examples = tuple(np.resize(array, (room, *array.shape[1:])) for array in examples)
    params = train(name, start(world, keys), examples, order, samples // world.batch, augment)
    rng = np.random.default_rng((world.seed, TEST))
    if world.kind == "language":
        loss = float(language(world, params, *texts(world, np.ones(N_EVAL), rng)))
        return data, samples, seed, f"{loss:.5f}", ""
    concept = rng.choice(world.concepts, p=world.frequency, size=N_EVAL)
    words, image = params["words"][: world.concepts], images(world, concept, rng)
    words = unit(words) if world.kind == "contrastive" else words
    guess = np.asarray(unit(tower(params, image)) @ words.T).argmax(1)
    return data, samples, seed, f"{(guess != concept).mean():.5f}", N_EVAL


def plan(world):
    """All trainings of a world, the longest first."""
    jobs = list(product([*POOLS, *LEVELS[1:]], world.budgets, range(world.seeds)))
    jobs += product([*world.pairs, *PARTS], world.budgets[::-2], range(world.seeds))
    jobs += product(["fresh A", "fresh D"], world.budgets, range(2))
    return sorted(jobs, key=lambda job: -job[1])


def plan_proxies(world):
    """Pools and levels of halves and eighths of the pools, at as many epochs as the whole ones.

    Where pools hold near copies, levels of grouped parts as well. Beside them the whole levels at
    budgets so small that `plan` leaves them out.
    """
    sets = [(data, "") for data in [*POOLS, *LEVELS[1:]]]
    if any(world.near_duplicates):
        sets += [(data, " grouped") for data in LEVELS]
    cells = [
        (f"{data}/{parts}{how}", samples // parts)
        for (data, how), samples, parts in product(sets, world.budgets, (2, 8))
    ]
    small = [samples // 8 for samples in world.budgets if samples // 8 < min(world.budgets)]
    cells += product(LEVELS, small)
    jobs = [(*cell, seed) for cell, seed in product(cells, range(world.seeds))]
    return sorted(jobs, key=lambda job: -job[1])


def finish(world, log, folder, proxies):
    """Turn the log of all trainings of a world into its tables."""
    runs = pd.read_csv(log, header=None, names=COLUMNS).sort_values(COLUMNS[:3])
    fresh = runs["data"].str.startswith("fresh")
    if not proxies:
        runs[fresh].to_csv(folder / "fresh.csv", index=False)
    runs[~fresh].to_csv(folder / ("proxy.csv" if proxies else "runs.csv"), index=False)
    parts = {data: int((data.partition("/")[2] or "1").split()[0]) for data in runs["data"]}
    takes = [
        {"data": data, "pool": pool, "unique_samples": size // parts[data]}
        for data, (pool, size) in product(runs["data"].unique(), world.pools.items())
        if pool in data and data[0] != "f"
    ]
    name = "proxy_composition.csv" if proxies else "composition.csv"
    pd.DataFrame(takes).to_csv(folder / name, index=False)


def main():
    """Train what is missing of the named worlds, or of all, one thread a training."""
    parser = argparse.ArgumentParser(description="Train the worlds of this study.")
    parser.add_argument("worlds", nargs="*", metavar="WORLD", help="all, if none is named")
    parser.add_argument("--out", type=Path, required=True, help="for a folder of tables a world")
    parser.add_argument("--proxies", action="store_true", help="parts of the pools (proxy.md)")
    parser.add_argument("--processes", type=int, help="as many as there are cores, if not given")
    given = parser.parse_args()
    planned, kept = (plan_proxies, "proxies") if given.proxies else (plan, "trainings")
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    for name in given.worlds or sorted(path.stem for path in WORLDS.glob("*.toml")):
        (folder := given.out / name).mkdir(parents=True, exist_ok=True)
        setting = crc32((WORLDS / f"{name}.toml").read_bytes())  # resumed only where it is the same
        with (log := folder / f"{kept}-{setting:08x}.log").open("a+") as file:
            file.seek(0)
            whole = file.read().rpartition("\n")[0]  # a kill may cut the last line short
            file.truncate(len(whole) + bool(whole))
            done = {tuple(line.split(",")[:3]) for line in whole.splitlines()}
            missing = [job for job in planned(load(name)) if tuple(map(str, job)) not in done]
            workers = ProcessPoolExecutor(given.processes, mp_context=get_context("spawn"))
            futures = [workers.submit(run, name, *job) for job in missing]
            try:
                for future in track(as_completed(futures), name, len(futures)):
                    print(*future.result(), sep=",", file=file, flush=True)
            finally:
                workers.shutdown(cancel_futures=True)
        finish(load(name), log, folder, given.proxies)


if __name__ == "__main__":
    main()
