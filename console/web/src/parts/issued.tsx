// Documents that were issued: number, edition, who, when, and their files.
import { useWords } from '../i18n'
import { issuedFile, type Issued } from '../reporting'
import { follow } from '../route'
import { When } from './when'

export function IssuedTable({ list, files, withCase }: { list: Issued[]; files: boolean; withCase?: boolean }) {
  const { t } = useWords()
  if (list.length === 0) return <p className="quiet">{t('issued.none')}</p>
  return (
    <table className="groups plain duties">
      <thead><tr>
        <th scope="col">{t('issued.number')}</th><th scope="col">{t('issued.document')}</th><th scope="col">{t('issued.edition')}</th>
        <th scope="col">{t('issued.by')}</th>{files && <th scope="col">{t('issued.files')}</th>}
      </tr></thead>
      <tbody>
        {list.map((x) => (
          <tr key={x.id}>
            <td><strong>{x.printed_number}</strong></td>
            <td className="text">{x.title}{withCase && <> · <a href={'/cases/' + encodeURIComponent(x.case)} onClick={follow}>{x.case}</a></>}
              {x.set.warnings?.map((w) => <small key={w} className="s2"> {w}</small>)}</td>
            <td>{t('issued.edition.n', { n: x.edition })}</td>
            <td>{x.by}, <When at={x.at} /></td>
            {files && <td className="text"><Files issued={x} /></td>}
          </tr>
        ))}
      </tbody>
    </table>
  )
}

// Files are those that people ask for by name, and behind them those for programs.
function Files({ issued }: { issued: Issued }) {
  const { t } = useWords()
  const main: Record<string, string> = {
    [issued.form + '.pdf']: t('issued.pdf'), [issued.form + '.docx']: t('issued.docx'), [issued.form + '.json']: t('issued.json'), 'evidence.zip': t('issued.evidence'),
  }
  const others = issued.set.files.filter((f) => !Object.hasOwn(main, f.name))
  const link = (name: string, text: string) => <a key={name} className="pair" href={issuedFile(issued.id, name)} download>{text}</a>
  return (
    <>
      {Object.entries(main).map(([name, text]) => issued.set.files.some((f) => f.name === name) && link(name, text))}
      {others.length > 0 && <details><summary>{t('issued.others', { n: others.length })}</summary>{others.map((f) => link(f.name, f.name))}</details>}
    </>
  )
}
