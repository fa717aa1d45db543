import { parentPort, workerData } from 'node:worker_threads';
import { readPast } from './read-past.ts';
import type { PastOptions } from './store-messages.ts';

/** Folds the journal up to an instant, away from the event loop of the page. */
parentPort?.postMessage(readPast(workerData as PastOptions));
