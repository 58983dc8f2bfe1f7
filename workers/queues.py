"""The queues, each with a worker of its own, and how the message travels that wakes that worker."""

from typing import Any

# Pictures: renditions, vectors, near-duplicates, and what keeps encoders.
INGEST = "ingest"
# Texts: whatever needs an encoder's text tower, first of all what people search for.
QUERY = "query"
# Training, which takes hours.
TRAIN = "train"

# Options of the message "look around". It expires, since whoever rings rings again; and a process
# that hangs on a picture is killed before the lease (120 s) lets another worker try that one.
WAKING: dict[str, dict[str, Any]] = {
    INGEST: {"expires": 50, "time_limit": 100},
    # Behind every search: Redis hands out the messages of the lowest number first.
    QUERY: {"expires": 15, "priority": 9},
    TRAIN: {"expires": 50},
}
