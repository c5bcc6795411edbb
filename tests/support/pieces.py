"""Each optional piece of the network and its training, as hyperparameters that turn it on.

Tests that hold for every piece are run for each of these; each has a golden training.
"""

from typing import Any

PIECES: dict[str, dict[str, Any]] = {
    "silu": {"activation": "silu"},
    "gelu": {"activation": "gelu"},
    "scaling layer": {"scaling": 6.0},
    "scaling layer, adamw": {"scaling": 6.0, "descent": "adamw", "learning_rate": 0.01},
    "ntk": {"parametrization": "ntk", "learning_rate": 1.0},
    "ntk, adam": {"parametrization": "ntk", "descent": "adam", "learning_rate": 0.03},
    "dropout": {"dropout": 0.2},
    "dropout, tanh, full batch": {"dropout": 0.3, "activation": "tanh", "batch_size": "full"},
    "l2": {"l2": 0.01},
    "label smoothing": {"label_smoothing": 0.1},
    "best checkpoint, patience": {"checkpoint": "best", "patience": 3, "learning_rate": 1.0},
    "nesterov": {"descent": "nesterov"},
    "rmsprop": {"descent": "rmsprop", "learning_rate": 0.01, "beta2": 0.9},
    "adam": {"descent": "adam", "learning_rate": 0.01},
    "adamw": {"descent": "adamw", "learning_rate": 0.01, "weight_decay": 0.1},
    "schedule-free": {"descent": "schedule_free", "learning_rate": 0.02},
    "cosine, warm-up": {"schedule": "cosine", "warmup": 0.1},
    "coslog, adam": {"schedule": "coslog", "descent": "adam", "learning_rate": 0.02},
    "clipping": {"clip": 0.1},
}
