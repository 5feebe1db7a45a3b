// The button that stops a live run: asked twice by the page, done once by the command.
//
// atlas.liveStop.create(token, say) returns { show(state, canStop) }; say(text) tells the reader what became of it.
"use strict";
(() => {
  const id = (name) => document.getElementById(name);

  const create = (token, say) => {
    const button = id("live-stop");
    const sure = id("live-sure");

    const ask = (isAsking) => {
      sure.hidden = !isAsking;
      button.hidden = isAsking;
    };

    const stop = async () => {
      ask(false);
      button.disabled = true;
      try {
        const answer = await fetch("/stop", { method: "POST", headers: { "X-Atlas-Perf-Token": token } });
        if (!answer.ok) say(`The run was not stopped. ${await answer.text()}`);
      } catch {
        say("The run was not stopped: the command does not answer.");
        button.disabled = false;
      }
    };

    button.addEventListener("click", () => {
      ask(true);
      id("live-stop-now").focus();
    });
    id("live-go-on").addEventListener("click", () => {
      ask(false);
      button.focus();
    });
    id("live-stop-now").addEventListener("click", stop);

    const show = (state, canStop) => {
      if (!canStop || state.stopping) ask(false);
      button.disabled = !canStop || state.stopping;
      button.textContent = state.stopping ? "Stopping" : "Stop the run";
    };
    return { show };
  };

  atlas.liveStop = { create };
})();
