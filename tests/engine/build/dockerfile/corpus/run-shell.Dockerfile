FROM debian:12
RUN echo "$HOME" 'x' | cat > /a
