"""Reads what khien report wrote with the programs of others: documents.py SET FORMS TAXII SECRET"""
import glob
import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
import zipfile

warnings.filterwarnings("ignore")
report, forms, taxii, secret = sys.argv[1:5]
failures = []


def check(what, ok, detail=""):
    print(f"documents: {what}: {'good' if ok else 'BAD ' + str(detail)}")
    if not ok:
        failures.append(what)


from stix2validator import ValidationOptions, validate_file

result = validate_file(report + "/stix.json", ValidationOptions(version="2.1"))
found = [str(x) for o in result.object_results for x in list(o.errors) + list(o.warnings)]
check("stix2-validator", result.is_valid and not found, found[:5])

import pymisp

event = pymisp.MISPEvent()
event.load_file(report + "/misp.json")
lax = json.load(open(os.path.join(os.path.dirname(pymisp.__file__), "data", "schema-lax.json")))
import jsonschema

problems = [e.message for e in jsonschema.Draft7Validator(lax).iter_errors(json.load(open(report + "/misp.json")))]
check("pymisp loads, schema-lax", not problems and len(event.objects) >= 4, problems[:3])
for o in event.objects:  # templates that pymisp knows, with what they require
    path = os.path.join(os.path.dirname(pymisp.__file__), "data", "misp-objects", "objects", o.name, "definition.json")
    template = json.load(open(path))
    names = {a.object_relation for a in o.attributes}
    good = template["uuid"] == o.template_uuid and names <= set(template["attributes"])
    good = good and set(template.get("required", [])) <= names
    good = good and (not template.get("requiredOneOf") or names & set(template["requiredOneOf"]))
    check(f"misp object {o.name}", good, names)

from misp_stix_converter import ExternalSTIX2toMISPParser, MISPtoSTIX21Parser

out = MISPtoSTIX21Parser()
out.parse_json_content(open(report + "/misp.json").read())
check("misp-stix from MISP", len(out.stix_objects) > 10 and not out.errors, dict(out.errors))
back = ExternalSTIX2toMISPParser()
back.parse_stix_content(report + "/stix.json")
got = back.misp_event[0] if isinstance(back.misp_event, list) else back.misp_event
check("misp-stix from STIX", len(got.attributes) + len(got.objects) >= 8)

import xarf

for name in sorted(glob.glob(report + "/xarf-*.json")):
    r = xarf.parse(open(name).read())
    check(os.path.basename(name), not r.errors and not r.warnings, (r.errors, r.warnings))

from taxii2client.v21 import Server, as_pages

for _ in range(50):
    try:
        server = Server(taxii, user="check", password=secret)
        server.title
        break
    except Exception as e:  # it is starting
        problem = e
        time.sleep(0.1)
collections = server.api_roots[0].collections
ids, pages = set(), 0
for page in as_pages(collections[0].get_objects, per_request=7):
    pages += 1
    ids |= {o["id"] for o in page.get("objects", [])}
bundle = {o["id"] for o in json.load(open(report + "/stix.json"))["objects"]}
check("taxii2-client pages", len(collections) == 1 and pages > 3 and len(ids) >= len(bundle) - 2, (pages, len(ids), len(bundle)))

import docx

files = sorted(glob.glob(forms + "/*.docx"))
bad = []
for name in files:
    d = docx.Document(name)
    text = "\n".join(p.text for p in d.paragraphs) + "\n".join(c.text for t in d.tables for r in t.rows for c in r.cells)
    section = d.sections[0]
    if len(text) < 300 or round(section.left_margin.mm) != 30 or round(section.right_margin.mm) != 15:
        bad.append(os.path.basename(name))
check(f"python-docx opens {len(files)} documents", len(files) > 30 and not bad, bad)

with tempfile.TemporaryDirectory() as tmp:
    chosen = [f for f in files if f.endswith("-full.docx")]
    run = subprocess.run(["soffice", f"-env:UserInstallation=file://{tmp}/profile", "--headless", "--convert-to", "pdf", "--outdir", tmp] + chosen,
                         capture_output=True, text=True, timeout=240)
    done = glob.glob(tmp + "/*.pdf")
    check(f"LibreOffice opens {len(chosen)} documents", len(done) == len(chosen), run.stderr[-300:])
    text = subprocess.run(["pdftotext", tmp + "/vn-2026-initial-full.pdf", "-"], capture_output=True, text=True).stdout
    text = " ".join(text.split())
    check("the text of a converted document", "THÔNG BÁO BAN ĐẦU VỀ SỰ CỐ AN NINH MẠNG" in text and "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT" in text, text[:200])

z = zipfile.ZipFile(report + "/evidence.zip")
check("zipfile", z.testzip() is None)
sys.exit(1 if failures else 0)
