FROM debian:12
COPY --chown=app:app --chmod=0755 --link a /b
COPY --chmod=u=rwX,go-w --link=false a /b
COPY --parents --exclude=*.md --exclude=!x.md ./x/./a/*.py /b/
