# faults.sh with every call. LABELS: slow TIMEOUT: 3600
INJECT_EVERY=1
. "$(dirname "$0")/faults.sh"
