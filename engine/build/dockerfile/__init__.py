"""The Dockerfile language: bytes in, values out; no I/O here.

    dockerfile = parse(text)                               # parse.py; ParseError (an InvalidParameter) shows the line
    built = plan(dockerfile, target, build_args, platform="linux/amd64", contexts=names)    # plan.py
    for stage in built.stages:                             # in an order in which every stage follows what it needs
        stage.base, stage.needs                            # Scratch | StageOrigin | ImageOrigin | ContextOrigin
        stage.origins["builder"]                           # the same for each COPY --from and RUN --mount=from
        scope = built.scope(image_env)                     # scope.py: ENV over ARG, build args, predefined args
        for instruction in (*parse_triggers(image.on_build, stage.stage.base), *stage.instructions):
            step = expand_instruction(instruction, scope.variables, built.escape)   # expansion.py
            if isinstance(step, Arg): scope = scope.declare(step)
            if isinstance(step, Env): scope = scope.set(step.pairs)
            if isinstance(step, Run): run_script(step, shell)       # script.py: argv, and a file for a #! script
            scope.run_environment                          # what a RUN's processes get
            scope.counted_args                             # what of it the cache's key holds beside ENV

Stages that don't need each other (`stage.needs`, numbers of stages) may be built at once. Instructions are frozen
dataclasses (instructions.py), matched by type. The image's env comes from the base, so expansion happens as a stage is
built and not before. Where a step fails, `instruction.error(message)` makes the error that shows its lines. Names that
a base image's triggers bring (`ONBUILD COPY --from=…`) are looked up in `stage.origins` as late as they are asked for.
"""
