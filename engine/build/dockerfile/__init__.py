"""The Dockerfile language: bytes in, values out; no I/O here.

    dockerfile = parse(text)                               # parse.py; ParseError (an InvalidParameter) shows the line
    built = plan(dockerfile, target, build_args, platforms=…, contexts=…)      # plan.py: what the target needs
    for stage in built.stages:                             # in an order in which every stage follows what it needs
        stage.base, stage.needs                            # Origin: StageOrigin | ImageOrigin | ContextOrigin | Scratch
        stage.origins["builder"]                           # the Origin of each COPY --from and RUN --mount=from
        scope = Scope.open(built, image_env)               # scope.py: ENV over ARG, build args, predefined args
        for instruction in (*parse_triggers(image.on_build), *stage.instructions):
            step = expand_instruction(instruction, scope.variables, built.escape)   # expansion.py
            if isinstance(step, Arg): scope = scope.declare(step)
            if isinstance(step, Env): scope = scope.set(step.pairs)
            if isinstance(step, Run): run_script(step, shell)                  # script.py: argv, or a file with a #!
            scope.run_environment                          # what a RUN gets: ENV, declared ARGs, proxies given as args

Stages that don't need each other (`stage.needs`, numbers of stages) may be built at once. Instructions are frozen
dataclasses (instructions.py), matched by type. The image's env comes from the base, so expansion happens as a stage is
built and not before. An error in a step is shown with `dockerfile.error(instruction.position, message)`.
"""
