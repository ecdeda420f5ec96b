{{/* The pods. One template for all processes: what differs is the command, the probes and how long stopping may take. */}}

{{/* Annotations of a pod; a Secret of the chart's that changes makes new pods, since files are read at the start. */}}
{{- define "webhook-gateway.podAnnotations" -}}
{{- $annotations := deepCopy .values.podAnnotations }}
{{- with include "webhook-gateway.ownSecret" . }}
{{- $_ := set $annotations "checksum/secret" (sha256sum .) }}
{{- end }}
{{- with $annotations }}
{{- toYaml . }}
{{- end }}
{{- end }}

{{/* What every pod has, whatever runs in it. */}}
{{- define "webhook-gateway.placement" -}}
serviceAccountName: {{ include "webhook-gateway.serviceAccountName" . }}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  {{- toYaml .root.Values.podSecurityContext | nindent 2 }}
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- with .values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* What every container has. */}}
{{- define "webhook-gateway.container" -}}
image: {{ include "webhook-gateway.image" . }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
securityContext:
  {{- toYaml .root.Values.securityContext | nindent 2 }}
{{- with .values.resources }}
resources:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "webhook-gateway.mounts" -}}
volumeMounts:
  - {name: home, mountPath: {{ include "webhook-gateway.homeDir" . }}}
  - {name: tmp, mountPath: /tmp}
  {{- if include "webhook-gateway.indexInFile" . }}
  - {name: index, mountPath: {{ include "webhook-gateway.indexDir" . }}}
  {{- end }}
  {{- if include "webhook-gateway.files" . | fromJson }}
  - {name: files, mountPath: {{ include "webhook-gateway.filesDir" . }}, readOnly: true}
  {{- end }}
  {{- if .root.Values.catalog.volume }}
  - {name: catalog, mountPath: {{ include "webhook-gateway.catalogDir" . }}, readOnly: true}
  {{- end }}
{{- end }}

{{/* The root filesystem is read-only: what is written goes to these, and with the pod. */}}
{{- define "webhook-gateway.volumes" -}}
volumes:
  - name: home
    emptyDir: {sizeLimit: 64Mi}
  - name: tmp
    emptyDir: {sizeLimit: 64Mi}
  {{- if include "webhook-gateway.indexInFile" . }}
  - name: index
    {{- with .values.index }}
    {{- if .existingClaim }}
    persistentVolumeClaim: {claimName: {{ .existingClaim }}}
    {{- else }}
    emptyDir: {sizeLimit: {{ .sizeLimit }}}
    {{- end }}
    {{- end }}
  {{- end }}
  {{- with include "webhook-gateway.filesVolume" . | trim }}
  {{- . | nindent 2 }}
  {{- end }}
  {{- with .root.Values.catalog.volume }}
  - name: catalog
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}

{{- define "webhook-gateway.topologySpread" -}}
{{- with .root.Values.topologySpread.topologyKeys }}
topologySpreadConstraints:
  {{- range . }}
  - topologyKey: {{ . }}
    maxSkew: {{ $.root.Values.topologySpread.maxSkew }}
    whenUnsatisfiable: {{ $.root.Values.topologySpread.whenUnsatisfiable }}
    labelSelector:
      matchLabels:
        {{- include "webhook-gateway.selectorLabels" $ | nindent 8 }}
  {{- end }}
{{- end }}
{{- end }}

{{/* Seconds: what the process may take to stop, and a few for Kubernetes. The default is that of the setting. */}}
{{- define "webhook-gateway.gracePeriod" -}}
{{- $config := include "webhook-gateway.config" . | fromJson }}
{{- add 10 (ceil (default 25.0 $config.shutdown_deadline_s)) }}
{{- end }}
