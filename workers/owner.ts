/** Entry point of an owner thread: attaches, answers on its control channel, and lets its agent work. */
import { workerData } from 'node:worker_threads';
import { type Endpoint, expose } from 'comlink';
import { Registry } from '../native-layout/registry.js';
import { loadWord, parkAsyncOn } from '../src/memory/atomics.js';
import { Attachment } from '../src/threads/attachment.js';
import { openMemory } from '../src/threads/handle.js';
import { OwnerAgent } from '../src/threads/owner-agent.js';
import type { OwnerControl, OwnerData } from '../src/threads/owners.js';

/** Longest sleep of an idle owner: it looks for threads that are gone. */
const IDLE_MS = 250;
/** Sleep while another thread applies the lazy writes that wait. */
const BUSY_MS = 1;

async function run({ handle, ownerIndex, port }: OwnerData): Promise<void> {
  const attachment = new Attachment(handle, openMemory(handle), ownerIndex + 1);
  const agent = new OwnerAgent(attachment, ownerIndex);
  const channel: OwnerControl = { ready: () => ownerIndex };
  // The port keeps this thread's event loop alive; a sleep on the doorbell does not.
  expose(channel, port as unknown as Endpoint);
  const { control } = attachment.open('upkeep').memory;
  const doorbell = attachment.registry('upkeep').slotWord + Registry.doorbell;
  for (;;) {
    const rung = loadWord(control, doorbell);
    if (attachment.stopped) break;
    if (agent.doWork() > 0) {
      await new Promise(setImmediate);
    } else {
      await parkAsyncOn(control, doorbell, rung, agent.rest() ? IDLE_MS : BUSY_MS);
      agent.rise();
    }
  }
  attachment.detach();
  port.close();
}

void run(workerData as OwnerData);
