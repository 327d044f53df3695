/** Timeline: content payloads become messages, the same on every device whatever the order of arrival (TL). */
export * from './content.ts'
export * from './message-record.ts'
export * from './message.ts'
export * from './page.ts'
