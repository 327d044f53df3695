/** Routes of a metered line as calls of the SDK. */
import type { Handlers } from './handlers.ts'
import type { sync } from './routes-sync.ts'

export const syncHandlers: Handlers<keyof typeof sync> = {
  getSync: ({ context: { client } }) => client.sync.status(),
  setSyncBudget: async ({ context: { client } }, { body: { budget } }) => {
    await client.sync.setBudget(budget)
    return client.sync.status()
  }
}
