// Talks to the server: its model, answers and traces as streams of events, failures in words. The key stays in this module's memory.

let key = "";

export const setKey = text => { key = text.replace(/[^\x21-\x7e]/g, ""); };

/** A failure that can be shown as it is. */
export class ApiError extends Error {
  constructor(message, status = 0, parameter = null) {
    super(message);
    this.status = status;
    this.parameter = parameter;
  }
}

/** The model that is served, with its options. */
export const model = async () => (await (await ask("v1/models")).json()).data[0];

/** The chunks of an answer. */
export async function* answer(body, signal) {
  const response = await ask("v1/chat/completions", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body), signal });
  for await (const chunk of events(response)) {
    if (chunk.error)
      throw new ApiError(chunk.error.message, 500, chunk.error.param);
    yield chunk;
  }
}

/** The lines of a trace, as they are written. */
export async function* trace(id, signal) {
  yield* events(await ask(`v1/traces/${encodeURIComponent(id)}`, { signal }));
}

async function ask(path, init = {}) {
  const headers = { ...init.headers, ...(key && { Authorization: `Bearer ${key}` }) };
  const response = await fetch(path, { cache: "no-store", ...init, headers }).catch(e => { throw broken(e, "The server does not answer; is it still running?"); });
  if (response.ok)
    return response;
  const error = (await response.json().catch(() => null))?.error;
  throw new ApiError(error?.message ?? `The server answered ${response.status} ${response.statusText}.`, response.status, error?.param);
}

// Not EventSource: that sends no key.
async function* events(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read().catch(e => { throw broken(e, "The connection was cut."); });
    if (done)
      throw new ApiError("The connection was cut.");
    const parts = (rest + value).split("\n\n");
    rest = parts.pop();
    for (const part of parts) {
      if (!part.startsWith("data: "))
        continue; // a comment that keeps the connection alive
      if (part === "data: [DONE]")
        return;
      yield JSON.parse(part.slice(6));
    }
  }
}

const broken = (error, message) => error.name === "AbortError" ? error : new ApiError(message);
