/** A task of a pool that leaves a wait behind: it is over before the wait is. */
export default function leaveWaiting(words) {
  void Atomics.waitAsync(words, 0, 0).value.then(() => Atomics.store(words, 1, 1));
}
