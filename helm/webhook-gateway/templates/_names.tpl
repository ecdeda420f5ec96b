{{/* Names and labels. Templates of a process take a dict: root (the chart's context), name (the process), values. */}}

{{- define "webhook-gateway.chartName" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* At most 52 characters, so that the name of each process fits behind it. */}}
{{- define "webhook-gateway.fullname" -}}
{{- $chart := include "webhook-gateway.chartName" . }}
{{- $name := ternary .Release.Name (printf "%s-%s" .Release.Name $chart) (contains $chart .Release.Name) }}
{{- default $name .Values.fullnameOverride | trunc 52 | trimSuffix "-" }}
{{- end }}

{{- define "webhook-gateway.name" -}}
{{ include "webhook-gateway.fullname" .root }}-{{ .name }}
{{- end }}

{{- define "webhook-gateway.selectorLabels" -}}
app.kubernetes.io/name: {{ include "webhook-gateway.chartName" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .name }}
{{- end }}

{{- define "webhook-gateway.labels" -}}
{{ include "webhook-gateway.selectorLabels" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "webhook-gateway.serviceAccountName" -}}
{{ .values.serviceAccount.name | default (include "webhook-gateway.name" .) }}
{{- end }}

{{- define "webhook-gateway.image" -}}
{{- with .root.Values.image -}}
{{- if .digest }}{{ .repository }}@{{ .digest }}
{{- else }}{{ .repository }}:{{ .tag | default $.root.Chart.AppVersion }}
{{- end }}
{{- end }}
{{- end }}

{{/* The processes that run all the time and serve probes, of those that are enabled: a JSON list of names. */}}
{{- define "webhook-gateway.workers" -}}
{{- $found := list }}
{{- range list "stream" "egress" "console" }}
{{- if (index $.Values .).enabled }}{{ $found = append $found . }}{{ end }}
{{- end }}
{{- toJson $found }}
{{- end }}

{{/* What the topics job needs is there before it and goes when it has succeeded. */}}
{{- define "webhook-gateway.hook" -}}
helm.sh/hook: pre-install,pre-upgrade
helm.sh/hook-weight: {{ .weight | quote }}
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end }}
