/** Addresses of members that worked, newest first, kept across restarts (NT9). */
import type { DeviceId, ServerId } from '../../base/index.ts'
import type { Database } from '../../store/index.ts'
import { addressTable } from '../replica/tables.ts'

/** Members remembered per server. */
const BOOK_MAX = 64
/** Addresses per member. */
const ADDRESSES_MAX = 8

export interface BookEntry {
  readonly device: DeviceId
  readonly addresses: readonly string[]
  readonly at: number
}

export interface AddressBook {
  of(server: ServerId): readonly BookEntry[]
  /** A member was reached there, or said so in its signed record. Written without fsync: a lost one is found again. */
  note(server: ServerId, device: DeviceId, addresses: readonly string[], at: number): Promise<void>
}

/** Reads the book of all servers. */
export async function openAddressBook(
  database: Database,
  servers: readonly ServerId[]
): Promise<AddressBook> {
  const books = new Map<ServerId, Map<DeviceId, BookEntry>>()
  for (const server of servers) {
    const book = new Map<DeviceId, BookEntry>()
    for await (const { value } of database.table(addressTable).scan({ prefix: [server] })) {
      const device = value.device as DeviceId
      book.set(device, { device, addresses: value.addresses, at: value.at })
    }
    books.set(server, book)
  }
  return {
    of: server => [...(books.get(server)?.values() ?? [])].sort((a, b) => b.at - a.at),
    note: async (server, device, addresses, at) => {
      const book = books.get(server) ?? new Map<DeviceId, BookEntry>()
      books.set(server, book)
      const merged = [...new Set([...addresses, ...(book.get(device)?.addresses ?? [])])].slice(
        0,
        ADDRESSES_MAX
      )
      if (book.get(device)?.addresses.join() === merged.join()) return
      if (!book.has(device) && book.size >= BOOK_MAX) return
      book.set(device, { device, addresses: merged, at })
      await database
        .batch()
        .put(addressTable, [server, device], { version: 1, device, addresses: merged, at })
        .commit({ sync: false })
    }
  }
}
