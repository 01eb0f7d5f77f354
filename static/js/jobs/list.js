// Keeps the list true: a job that changed asks for its row again, and one that the page does not know for all rows.
import { refresh } from "../refresh.js";
import { Socket } from "../socket.js";

export function followJobs(table) {
  let hasBeenLost = false;
  new Socket(table.dataset.jobs, {
    open() {
      if (hasBeenLost) refresh(table);
    },
    message(data) {
      const { id } = JSON.parse(data);
      refresh(table.querySelector(`[data-job="${CSS.escape(id)}"]`) ?? table);
    },
    lost() {
      hasBeenLost = true;
    },
  });
}
