/**
 * Waits until a server answers, and prints the status and the start of what it says:
 * `ask.mjs URL PID`. Gives up when the process is gone.
 */
import process from "node:process";

const [url, pid] = process.argv.slice(2);
for (;;) {
  try {
    const response = await fetch(url);
    const text = await response.text();
    console.log(response.status, text.slice(0, 60).replaceAll("\n", " "));
    break;
  } catch (error) {
    process.kill(Number(pid), 0);
    if (!(error instanceof TypeError)) throw error;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
