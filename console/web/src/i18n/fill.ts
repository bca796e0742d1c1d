// fill puts values into a text: {n} is the value of that name, {n|group|groups} the first word when it is 1 and else the
// second. A value that is not given leaves its place as it stands.
export const fill = (text: string, values: Record<string, string | number> = {}) =>
  text.replace(/\{(\w+)(?:\|([^{}|]*)\|([^{}|]*))?\}/g, (place, name: string, one?: string, more?: string) => {
    if (!Object.hasOwn(values, name)) return place
    if (one === undefined || more === undefined) return String(values[name])
    return String(values[name]) === '1' ? one : more
  })
