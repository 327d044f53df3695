/** ID10: the 64 signs of the short comparison (Matrix's list of SAS emoji, in its order), six bits each. */

/** Sign and English name. */
export interface LinkSign {
  readonly sign: string
  readonly name: string
}

const SIGNS =
  '🐶 Dog,🐱 Cat,🦁 Lion,🐎 Horse,🦄 Unicorn,🐷 Pig,🐘 Elephant,🐰 Rabbit,🐼 Panda,🐓 Rooster,🐧 Penguin,🐢 Turtle,' +
  '🐟 Fish,🐙 Octopus,🦋 Butterfly,🌷 Flower,🌳 Tree,🌵 Cactus,🍄 Mushroom,🌏 Globe,🌙 Moon,☁️ Cloud,🔥 Fire,' +
  '🍌 Banana,🍎 Apple,🍓 Strawberry,🌽 Corn,🍕 Pizza,🎂 Cake,❤️ Heart,😀 Smiley,🤖 Robot,🎩 Hat,👓 Glasses,' +
  '🔧 Spanner,🎅 Santa,👍 Thumbs Up,☂️ Umbrella,⌛ Hourglass,⏰ Clock,🎁 Gift,💡 Light Bulb,📕 Book,✏️ Pencil,' +
  '📎 Paperclip,✂️ Scissors,🔒 Lock,🔑 Key,🔨 Hammer,☎️ Telephone,🏁 Flag,🚂 Train,🚲 Bicycle,✈️ Aeroplane,' +
  '🚀 Rocket,🏆 Trophy,⚽ Ball,🎸 Guitar,🎺 Trumpet,🔔 Bell,⚓ Anchor,🎧 Headphones,📁 Folder,📌 Pin'

/** All 64, in order. */
export const LINK_SIGNS: readonly LinkSign[] = SIGNS.split(',').map(each => {
  const space = each.indexOf(' ')
  return { sign: each.slice(0, space), name: each.slice(space + 1) }
})

const SIGNS_SHOWN = 6
const BITS = 6

/** The first 36 bits as six signs. */
export function linkSigns(bits: Uint8Array): readonly LinkSign[] {
  let value = 0n
  for (const byte of bits.subarray(0, 5)) value = (value << 8n) | BigInt(byte)
  return Array.from({ length: SIGNS_SHOWN }, (_, index) => {
    const shift = BigInt(40 - BITS * (index + 1))
    return LINK_SIGNS[Number((value >> shift) & 63n)] as LinkSign
  })
}
