// Organisation units as the pages name them.
import { useEffect, useState } from 'react'
import { api, type Unit } from './api'
import type { Lang } from './i18n'

// useUnits is the units that the account may see; none until they are there. A page that only names them shows ids until then.
export function useUnits(wanted = true): Unit[] {
  const [list, setList] = useState<Unit[]>([])
  useEffect(() => {
    if (wanted) api.units().then((r) => setList(r.units), () => undefined)
  }, [wanted])
  return list
}

// outside asks for what touches no unit.
export const outside = '-unit:*'

// unitName is what a unit is called.
export function unitName(list: Unit[], id: string, lang: Lang): string {
  const u = list.find((x) => x.id === id)
  return u ? (lang === 'en' && u.name.en) || u.name.vi : id
}
