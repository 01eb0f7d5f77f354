FROM debian:12 As Builder
from builder as FINAL
