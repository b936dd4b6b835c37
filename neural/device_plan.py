"""What training would take of the memory of each device, as `neural.train` prints it with --plan."""

from argparse import Namespace

PLANNED = 1024  # tokens of a row, unless --max-tokens says otherwise


def show(args: Namespace) -> None:
    """Print what a step takes of each of ``args.plan`` devices; of the model, only its configuration is read."""
    import jax
    from rich.console import Console
    from rich.table import Table

    from neural.model.source import find, open_source
    from neural.paper.curriculum import read_recipe
    from neural.session import make_config
    from neural.training.forecast import forecast
    from neural.training.placement import Placement, make_mesh

    jax.config.update("jax_platforms", "cpu")
    jax.config.update("jax_num_cpu_devices", args.plan)
    source = open_source(find(args.model))
    shape, config = source.config(), make_config(args, read_recipe(source.path).train)
    tokens = min(args.max_tokens or PLANNED, shape.max_position_embeddings)
    mesh = make_mesh(jax.devices()[: args.plan])
    ways = {"a copy on each": Placement(mesh), "split over all": Placement(mesh, split=True)}
    taken = {way: forecast(shape, config, tokens, place) for way, place in ways.items()}
    rows = f"{config.batch_size // config.accumulate:,} x {tokens:,} tokens at a time"
    table = Table("GB on each device", *(f"{way}" for way in ways), title=f"{args.plan:,} devices, {rows}")
    for name in taken["a copy on each"]._fields:
        table.add_row(name, *(f"{getattr(each, name) / 1e9:,.3f}" for each in taken.values()))
    table.add_row("together", *(f"{sum(each) / 1e9:,.3f}" for each in taken.values()))
    Console(highlight=False).print(table)
