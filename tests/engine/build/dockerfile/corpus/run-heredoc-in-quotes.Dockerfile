FROM debian:12
RUN echo "<<EOF" 'a <<EOF'
