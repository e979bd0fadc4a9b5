"""JAX: the whole step under jit with donated buffers, data in memory, Adam by hand.

Steps are dispatched without waiting for each, as JAX does by itself; a block of them is timed.
With --tuned a block is one call, a scan over its steps.
"""

import os

os.environ["JAX_PLATFORMS"] = "cpu"

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from common import options, read_images, report, time_steps

BLOCK = 32

args = options(("--tuned", "scan over the steps of a block inside one jit"))
images = jnp.asarray(read_images(args.data))


def dense(key, inputs, outputs):
    return {"w": jax.nn.initializers.glorot_uniform()(key, (inputs, outputs)), "b": jnp.zeros(outputs)}


def apply(layer, x):
    return x @ layer["w"] + layer["b"]


def init_autoencoder(key):
    keys = jax.random.split(key, 2)
    return {"encoder": dense(keys[0], 784, 256), "decoder": dense(keys[1], 256, 784)}


def autoencoder_loss(params, x, key):
    h = jax.nn.relu(apply(params["encoder"], x))
    return jnp.mean((jax.nn.sigmoid(apply(params["decoder"], h)) - x) ** 2)


def init_vae(key):
    keys = jax.random.split(key, 5)
    return {
        "encoder": dense(keys[0], 784, 256),
        "mean": dense(keys[1], 256, 32),
        "log_var": dense(keys[2], 256, 32),
        "hidden": dense(keys[3], 32, 256),
        "decoder": dense(keys[4], 256, 784),
    }


def vae_loss(params, x, key):
    h = jax.nn.relu(apply(params["encoder"], x))
    mean, log_var = apply(params["mean"], h), apply(params["log_var"], h)
    z = mean + jnp.exp(0.5 * log_var) * jax.random.normal(key, mean.shape)
    logits = apply(params["decoder"], jax.nn.relu(apply(params["hidden"], z)))
    reconstruction = jnp.sum(jax.nn.softplus(logits) - x * logits)
    kl = 0.5 * jnp.sum(jnp.exp(log_var) + mean**2 - 1 - log_var)
    return (reconstruction + kl) / x.shape[0]


init, loss_of = {"autoencoder": (init_autoencoder, autoencoder_loss), "vae": (init_vae, vae_loss)}[args.model]


def step(state, images, rows):
    x = images[rows].astype(jnp.float32) / 255
    t = state["t"] + 1
    loss, grads = jax.value_and_grad(loss_of)(state["params"], x, jax.random.fold_in(state["key"], t))
    m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, state["m"], grads)
    v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g**2, state["v"], grads)
    rate = 1e-3 / (1 - 0.9**t)
    scale = jax.lax.rsqrt(1 - 0.999**t)
    params = jax.tree.map(lambda p, m, v: p - rate * m / (jnp.sqrt(v) * scale + 1e-8), state["params"], m, v)
    return {"params": params, "m": m, "v": v, "t": t, "key": state["key"], "total": state["total"] + loss}, loss


@partial(jax.jit, donate_argnums=0)
def one_step(state, images, rows):
    return step(state, images, rows)


@partial(jax.jit, donate_argnums=0)
def scan_steps(state, images, rows):
    state, losses = jax.lax.scan(lambda state, rows: step(state, images, rows), state, rows)
    return state, losses[-1]


def batches():
    """Endless batches of row numbers, reshuffled every epoch."""
    rng = np.random.default_rng(0)
    while True:
        rows = rng.permutation(len(images)).astype(np.int32)
        for i in range(0, len(rows) - args.batch + 1, args.batch):
            yield rows[i : i + args.batch]


def train():
    """Yields the loss after every block."""
    params = init(jax.random.key(0))
    state = {
        "params": params,
        "m": jax.tree.map(jnp.zeros_like, params),
        "v": jax.tree.map(jnp.zeros_like, params),
        "t": jnp.int32(0),
        "key": jax.random.key(1),
        "total": jnp.float32(0),
    }
    rows = batches()
    while True:
        if args.tuned:
            state, loss = scan_steps(state, images, np.stack([next(rows) for _ in range(BLOCK)]))
        else:
            for _ in range(BLOCK):
                state, loss = one_step(state, images, next(rows))
        yield loss.block_until_ready()


report(
    "jax-jit-tuned" if args.tuned else "jax-jit",
    args,
    {
        f"jit, {'scan' if args.tuned else 'blocks'} of {BLOCK} steps": lambda seconds: time_steps(
            train().__next__, seconds, steps_per_call=BLOCK, warm_up=2
        )
    },
    {"jax": jax.__version__, "jaxlib": jax.lib.__version__},
)
