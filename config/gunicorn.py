"""How the production web server serves the site."""

# Threads, because a request waits for a vector or for a slow upload more often than it computes;
# a thread that receives 50 MB over a slow line leaves the others free.
worker_class = "config.slow_clients.LimitedWorker"
workers = 2
threads = 8
# gthread's workers report for duty by themselves: this does not limit a long upload.
timeout = 60
# Less than the ten seconds that the demo's supervisor and container engines wait before they kill.
graceful_timeout = 8
keepalive = 5
# None of gunicorn's, which is 8,190 at most: HEAD_BYTES in config/slow_clients.py is ours.
limit_request_line = 0
# Its place would be in the home folder, where two sites collide.
control_socket_disable = True
accesslog = "-"
