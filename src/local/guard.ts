/**
 * What stands between the keeper and each child, so that nothing survives the keeper, not even its kill -9:
 * 1. starts the program, which sees neither the pipe nor the lock;
 * 2. holds the stack's lock (fd 3), so that a new stack waits until this program is gone;
 * 3. reads a pipe (stdin) that only the keeper holds: a line ends the program now, its end after `linger` seconds;
 * 4. ends it with `signal`, and with SIGKILL after `grace` seconds.
 * Arguments: signal, linger, grace, program and its arguments. It leads a process group of its own.
 */
export const GUARD = `
signal=$1 linger=$2 grace=$3
shift 3
exec 4<&0 </dev/null
"$@" 3>&- 4<&- &
program=$!
pause() { sleep "$1" & sleeping=$!; wait $sleeping; }
(
  read -r now <&4 || late=yes
  trap 'kill $sleeping; exit' TERM
  [ -z "$late" ] || pause "$linger"
  kill -s "$signal" $program
  pause "$grace"
  kill -s KILL $program
) >/dev/null 2>&1 3>&- &
watch=$!
wait $program
status=$?
kill -s TERM $watch
exit $status
`;
