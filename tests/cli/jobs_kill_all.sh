# LABELS: slow TIMEOUT: 1800 the same with a hundred kills
KILLS=${KILLS:-100} . "$(dirname "$0")/jobs_kill.sh"
