/** The child's end of the conversation with the bench's main process: answers requests one by one. */

export interface Request {
  readonly id: number;
  readonly method: string;
  readonly params: unknown;
}

export interface Response {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}

// biome-ignore lint/suspicious/noExplicitAny: parameters differ by method; the parent's call sites state their types
export type Handlers = Record<string, (params: any) => unknown>;

async function answer(handlers: Handlers, request: Request): Promise<Response> {
  try {
    const handler = handlers[request.method];
    if (handler === undefined) throw new TypeError(`no method ${request.method}`);
    return { id: request.id, value: await handler(request.params) };
  } catch (error) {
    return { id: request.id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

/** Serves until the parent is gone. An interrupt is left to the parent, which ends this process. */
export function serve(handlers: Handlers): void {
  process.on('SIGINT', () => {});
  process.on('disconnect', () => process.exit(0));
  process.on('message', async (request: Request) => {
    const response = await answer(handlers, request);
    process.send?.(response);
  });
}
