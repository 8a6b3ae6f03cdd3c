# faults.sh with every call. LABELS: slow TIMEOUT: 7200
INJECT_EVERY=1
. "$(dirname "$0")/faults.sh"
