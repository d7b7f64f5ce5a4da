SPDXVersion: SPDX-2.2
DataLicense: CC0-1.0
SPDXID: SPDXRef-DOCUMENT
DocumentName: n
DocumentNamespace: https://example.org/a
Creator: Tool: x
Created: 2026-01-01T00:00:00Z

PackageName: a
SPDXID: SPDXRef-a
PackageVersion: 1
PackageDownloadLocation: NONE
FilesAnalyzed: false
Relationship: SPDXRef-DOCUMENT DESCRIBES SPDXRef-a
