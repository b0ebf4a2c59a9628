// What is asked of the network, in which order.

/**
 * One thing at a time: what was asked for last, as soon as it was asked for, and while nothing is, the rest, piece by piece.
 * @param {() => Promise<void>} first @param {() => Promise<boolean>} rest does a piece, and says whether there is more
 */
export function inOrder(first, rest) {
  let [asked, running] = [false, false];
  return async function run() {
    asked = true;
    if (running) return;
    running = true;
    try {
      for (let more = true; asked || more; ) {
        if (asked) {
          asked = false;
          await first();
          more = true;
        } else more = await rest();
      }
    } finally {
      running = false;
    }
  };
}
